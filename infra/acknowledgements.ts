/** Findings of cdk-nag that are meant to be as they are, each with its reason. */
import { Stack, Validations } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

/** Notes why a policy below `scope` names a resource with a wildcard. */
export function acknowledgeResource(
  scope: IConstruct,
  { resource, reason }: { readonly resource: string; readonly reason: string },
): void {
  const shown = flattened(Stack.of(scope).resolve(resource));
  Validations.of(scope).acknowledge({ id: `AwsSolutions-IAM5[Resource::${shown}]`, reason });
}

/** Notes why a policy below `scope` names an action with a wildcard. */
export function acknowledgeAction(
  scope: IConstruct,
  { action, reason }: { readonly action: string; readonly reason: string },
): void {
  Validations.of(scope).acknowledge({ id: `AwsSolutions-IAM5[Action::${action}]`, reason });
}

/** Text of CloudFormation's JSON as cdk-nag writes it: a reference in angle brackets. */
function flattened(value: unknown): string {
  if (Array.isArray(value)) return value.map(flattened).join('');
  if (typeof value !== 'object' || value === null) return String(value);
  const [[name, argument] = ['', undefined]] = Object.entries(value);
  if (name === 'Ref') return `<${String(argument)}>`;
  if (!Array.isArray(argument)) return JSON.stringify(value);
  if (name === 'Fn::GetAtt') return `<${argument.join('.')}>`;
  const [delimiter, parts] = argument;
  if (name !== 'Fn::Join' || !Array.isArray(parts)) return JSON.stringify(value);
  return parts.map(flattened).join(String(delimiter));
}
