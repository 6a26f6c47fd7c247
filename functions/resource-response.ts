/** Answers to CloudFormation for custom resources. */
import type { CloudFormationCustomResourceEvent } from 'aws-lambda';

const ANSWER_TIMEOUT_MS = 10_000;
/** CloudFormation takes no longer answer. */
const REASON_CHARACTERS_MAX = 2000;

export interface ResourceAnswer {
  readonly physicalResourceId: string;
  /** Attributes of the resource. */
  readonly data?: Readonly<Record<string, string>>;
  /** Why the request failed; undefined if it succeeded. */
  readonly failure?: string;
}

/** Sends the answer. Throws if CloudFormation does not take it. */
export async function answerCloudFormation(
  event: CloudFormationCustomResourceEvent,
  { physicalResourceId, data = {}, failure }: ResourceAnswer,
): Promise<void> {
  const { StackId, RequestId, LogicalResourceId } = event;
  const response = await fetch(event.ResponseURL, {
    method: 'PUT',
    // The URL is signed without a content type.
    headers: { 'content-type': '' },
    signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
    body: JSON.stringify({
      ...{ StackId, RequestId, LogicalResourceId, PhysicalResourceId: physicalResourceId, Data: data },
      Status: failure === undefined ? 'SUCCESS' : 'FAILED',
      ...(failure === undefined ? {} : { Reason: failure.slice(0, REASON_CHARACTERS_MAX) }),
    }),
  });
  if (!response.ok) throw new Error(`CloudFormation refused the answer: HTTP ${response.status}.`);
}
