/** Outputs of stacks, which say what was deployed. */
import {
  type CloudFormationClient,
  DescribeStacksCommand,
  type DescribeStacksCommandOutput,
} from '@aws-sdk/client-cloudformation';
import { callAws } from '../../core/aws-failure.ts';
import { UserError } from '../../core/errors.ts';

export interface StackOutputs {
  readonly stack: string;
  /** Values by the names of the outputs. */
  readonly outputs: ReadonlyMap<string, string>;
}

/** The outputs of a stack, or of all stacks of account and region. Throws UserError AWS_RESOURCE_MISSING. */
export async function readStackOutputs(
  client: CloudFormationClient,
  stack: string | undefined,
): Promise<readonly StackOutputs[]> {
  const found: StackOutputs[] = [];
  let token: string | undefined;
  do {
    const page = await describe(client, { stack, token });
    for (const { StackName = '', Outputs = [] } of page.Stacks ?? []) {
      const outputs = Outputs.map(
        ({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue] as const,
      );
      found.push({ stack: StackName, outputs: new Map(outputs) });
    }
    token = page.NextToken;
  } while (token !== undefined);
  return found;
}

async function describe(
  client: CloudFormationClient,
  { stack, token }: { readonly stack: string | undefined; readonly token: string | undefined },
): Promise<DescribeStacksCommandOutput> {
  const command = new DescribeStacksCommand({ StackName: stack, NextToken: token });
  const what = stack === undefined ? 'The list of stacks' : `The look at stack ${stack}`;
  try {
    return await callAws(what, () => client.send(command));
  } catch (error) {
    // CloudFormation has no error of its own for a stack that is not there.
    if (error instanceof UserError && /does not exist/.test(error.message)) {
      throw new UserError('AWS_RESOURCE_MISSING', `There is no stack ${stack} in this account and region.`, {
        cause: error,
      });
    }
    throw error;
  }
}
