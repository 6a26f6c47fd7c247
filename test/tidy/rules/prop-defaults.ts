import ts from 'typescript';
import type { SourceText, Violation } from './violation.ts';

const PROPS = /(Props|Options)$/;

/** What CDK shows of a prop says what holds without it: every optional one has `@default`. */
export function propsWithoutDefault({ file, text }: SourceText): Violation[] {
  const tree = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  return tree.statements.filter(isExportedProps).flatMap((props) =>
    props.members.filter(lacksDefault).map((member) => {
      const name = `${props.name.text}.${member.name?.getText(tree) ?? '?'}`;
      const { line } = tree.getLineAndCharacterOfPosition(member.getStart(tree));
      return {
        file,
        line: line + 1,
        message: `${name} is optional: say in its comment what its @default is.`,
      };
    }),
  );
}

function isExportedProps(statement: ts.Statement): statement is ts.InterfaceDeclaration {
  if (!ts.isInterfaceDeclaration(statement) || !PROPS.test(statement.name.text)) return false;
  return statement.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) === true;
}

function lacksDefault(member: ts.TypeElement): boolean {
  if (member.questionToken === undefined) return false;
  const tags = ts.getJSDocTags(member).filter(({ tagName }) => tagName.text === 'default');
  return !tags.some(({ comment }) => (ts.getTextOfJSDocComment(comment) ?? '').trim() !== '');
}
