/** What whoever talks to an emulator has to know. */

/** An emulator that runs. */
export interface Emulator {
  /** URL of every service. */
  readonly endpoint: string;
  /** Environment with which SDK and CDK talk to it. */
  readonly env: Readonly<Record<string, string>>;
  /** Where it logs. */
  readonly logFile: string;
  stop(): Promise<void>;
}

/** The environment of SDK and CDK. */
export function clientEnvironment(endpoint: string): Readonly<Record<string, string>> {
  return {
    AWS_ENDPOINT_URL: endpoint,
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_REGION: 'us-east-1',
    AWS_DEFAULT_REGION: 'us-east-1',
    AWS_EC2_METADATA_DISABLED: 'true',
    CDK_DISABLE_CLI_TELEMETRY: 'true',
    CI: '1',
  };
}
