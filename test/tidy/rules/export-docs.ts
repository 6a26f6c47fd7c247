import { dirname, relative } from 'node:path';
import ts from 'typescript';
import type { Violation } from './violation.ts';

interface EntryOptions {
  readonly tsconfig: string;
  readonly entry: string;
}

/** Reports every symbol exported by `entry` that has no doc comment at any of its declarations. */
export function undocumentedExports({ tsconfig, entry }: EntryOptions): Violation[] {
  const config = ts.readConfigFile(tsconfig, ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config.config, ts.sys, dirname(tsconfig));
  const program = ts.createProgram([entry], options);
  const checker = program.getTypeChecker();
  const file = program.getSourceFile(entry);
  const module = file === undefined ? undefined : checker.getSymbolAtLocation(file);
  if (module === undefined) throw new Error(`${entry} is missing or exports nothing.`);
  return checker.getExportsOfModule(module).flatMap((exported) => {
    const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
    const declarations = symbol.declarations ?? [];
    if (declarations.some(isDocumented)) return [];
    return [violationAt(declarations[0], exported.name, dirname(tsconfig))];
  });
}

function isDocumented(declaration: ts.Declaration): boolean {
  // A namespace export (`export * as x`) resolves to a whole file, whose header is its documentation.
  if (ts.isSourceFile(declaration)) return /^\s*\/\*\*/.test(declaration.text);
  return ts.getJSDocCommentsAndTags(declaration).some((doc) => ts.isJSDoc(doc) && doc.comment !== undefined);
}

function violationAt(declaration: ts.Declaration | undefined, name: string, root: string): Violation {
  const message = `${name} is public but has no doc comment.`;
  if (declaration === undefined) return { file: 'unknown', line: 0, message };
  const source = declaration.getSourceFile();
  const { line } = source.getLineAndCharacterOfPosition(declaration.getStart());
  return { file: relative(root, source.fileName), line: line + 1, message };
}
