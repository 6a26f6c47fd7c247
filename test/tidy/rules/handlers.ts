import ts from 'typescript';
import type { SourceText, Violation } from './violation.ts';

export const HANDLER_LINES_MAX = 60;

const HANDLER_FILE = /^functions\/[^/]+[.]ts$/;
const MAKER = /^create\w*Handler$/;

/** A handler only wires: what it does has a file of its own, which can be tested without Lambda. */
export function longHandlers({ file, text }: SourceText): Violation[] {
  if (!HANDLER_FILE.test(file) || !exportsHandler(file, text)) return [];
  const count = text.replace(/\n$/, '').split('\n').length;
  if (count <= HANDLER_LINES_MAX) return [];
  const message = `is a handler of ${count} lines, more than ${HANDLER_LINES_MAX}: let it only wire.`;
  return [{ file, line: count, message }];
}

/** True for what exports `handler` or makes one. */
export function exportsHandler(file: string, text: string): boolean {
  const tree = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  return tree.statements.some((statement) => exportedNames(statement).some(isHandler));
}

function isHandler(name: string): boolean {
  return name === 'handler' || MAKER.test(name);
}

function exportedNames(statement: ts.Statement): string[] {
  if (ts.isExportDeclaration(statement)) {
    const { exportClause } = statement;
    if (exportClause === undefined || !ts.isNamedExports(exportClause)) return [];
    return exportClause.elements.map(({ name }) => name.text);
  }
  if (!ts.canHaveModifiers(statement)) return [];
  const modifiers = ts.getModifiers(statement) ?? [];
  if (!modifiers.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)) return [];
  if (ts.isFunctionDeclaration(statement)) return [statement.name?.text ?? ''];
  if (!ts.isVariableStatement(statement)) return [];
  const { declarations } = statement.declarationList;
  return declarations.map(({ name }) => (ts.isIdentifier(name) ? name.text : ''));
}
