/** Deploys test jobs into stacks that are only synthesised. */
import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Stream } from 'aws-cdk-lib/aws-kinesis';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { Sinks, Sources, StreamJob, type StreamJobProps } from '../../infra/index.ts';

/** Two vertices, `clicks` and `counts`; a source named `clicks` and a sink named `out`. */
export const COUNTS = 'test/infra/jobs/counts.ts';

export interface JobStack {
  readonly app: App;
  readonly stack: Stack;
  readonly input: Stream;
  readonly output: Bucket;
}

export function createStack(name = 'Test'): JobStack {
  const app = new App();
  const stack = new Stack(app, name);
  const input = new Stream(stack, 'Input', { shardCount: 1 });
  const output = new Bucket(stack, 'Output');
  return { app, stack, input, output };
}

/** The job of COUNTS with its bindings. */
export function addCounts(
  { stack, input, output }: JobStack,
  { id = 'Counts', ...props }: Partial<StreamJobProps> & { readonly id?: string } = {},
): StreamJob {
  return new StreamJob(stack, id, {
    entry: COUNTS,
    parallelism: 2,
    bindings: { clicks: Sources.kinesis(input), out: Sinks.s3(output, `${id}/`) },
    ...props,
  });
}

/** Template of a stack with one job. */
export function countsTemplate(props: Partial<StreamJobProps> = {}): Template {
  const parts = createStack();
  addCounts(parts, props);
  return Template.fromStack(parts.stack);
}

type Fields = Readonly<Record<string, unknown>>;

/** A resource of a template: CloudFormation's JSON. */
export interface Resource {
  readonly id: string;
  readonly Properties: Fields;
  readonly DeletionPolicy?: string;
}

/** Resources of a type with their logical ids. */
export function resourcesOf(template: Template, type: string): readonly Resource[] {
  return Object.entries(template.findResources(type)).map(([id, resource]) => ({
    id,
    Properties: resource.Properties ?? {},
    DeletionPolicy: resource.DeletionPolicy,
  }));
}
