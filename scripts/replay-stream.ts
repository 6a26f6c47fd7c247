import { setTimeout as sleep } from 'node:timers/promises';
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { KinesisClient, PutRecordsCommand } from '@aws-sdk/client-kinesis';
import { NodeHttpHandler } from '@smithy/node-http-handler';

const STACK = 'AirportDelays';
const OUTPUT = 'FlightsStream';
const PARTITION_KEY = 'flights';
const TRIES_MAX = 50;
const PAUSE_MS = 100;

/** A stream that takes lines in order. */
export class FlightStream {
  readonly name: string;
  // One call at a time needs no HTTP/2, which emulators do not all speak well.
  readonly #client = new KinesisClient({ requestHandler: new NodeHttpHandler() });

  private constructor(name: string) {
    this.name = name;
  }

  /** The stream of that name, or that of the deployed example. */
  static async open(name: string | undefined): Promise<FlightStream> {
    return new FlightStream(name ?? (await deployedStream()));
  }

  /** Sends all lines, in order, whatever the stream refuses for the moment. */
  async send(lines: readonly string[]): Promise<void> {
    let rest = lines;
    for (let tries = 1; rest.length > 0; tries++) {
      const { Records = [] } = await this.#client.send(
        new PutRecordsCommand({
          StreamName: this.name,
          Records: rest.map((line) => ({ Data: Buffer.from(line), PartitionKey: PARTITION_KEY })),
        }),
      );
      const refused = Records.findIndex(({ ErrorCode }) => ErrorCode !== undefined);
      if (refused < 0) return;
      rest = this.#afterFirstRefusal(
        rest,
        Records.map(({ ErrorCode }) => ErrorCode),
      );
      if (tries === TRIES_MAX)
        throw new Error(`${this.name} refuses records: ${Records[refused]?.ErrorCode}.`);
      await sleep(PAUSE_MS);
    }
  }

  /** Records of one call are refused one by one: what was taken behind a refused one cannot be taken back. */
  #afterFirstRefusal(lines: readonly string[], errors: readonly (string | undefined)[]): readonly string[] {
    const refused = lines.filter((_, i) => errors[i] !== undefined);
    const first = errors.findIndex((error) => error !== undefined);
    const overtaken = errors.slice(first).some((error) => error === undefined);
    if (overtaken) console.warn(`${refused.length} flights were overtaken: send fewer a second.`);
    return refused;
  }
}

async function deployedStream(): Promise<string> {
  const { Stacks = [] } = await new CloudFormationClient({}).send(
    new DescribeStacksCommand({ StackName: STACK }),
  );
  const value = Stacks[0]?.Outputs?.find(({ OutputKey }) => OutputKey === OUTPUT)?.OutputValue;
  if (value !== undefined) return value;
  throw new Error(`Stack ${STACK} has no output ${OUTPUT}: deploy it, or name a stream with --stream.`);
}
