import { existsSync, readFileSync } from 'node:fs';

/** What a module exports. */
export interface ExportedNames {
  /** Interfaces and types, which are gone at run time. */
  readonly types: ReadonlySet<string>;
  readonly values: ReadonlySet<string>;
}

const DECLARATION =
  /export\s+(?:(?:declare|abstract|async)\s+)*(?:(interface|type)|class|function\*?|const|let)\s+([\w$]+)/g;
const LIST = /export\s+(type\s+)?\{([^}]*)\}/g;
const LIST_ITEM = /^(type\s+)?(?:[\w$]+\s+as\s+)?([\w$]+)$/;
const COMMENT = /\/\*[\s\S]*?\*\/|\/\/.*/g;

/** Names that a file exports, read from its source or from the `.d.ts` beside it; near enough for a hint. */
export function exportedNames(file: string): ExportedNames {
  const declarations = file.replace(/\.(m?)js$/, '.d.$1ts');
  const text = readFileSync(existsSync(declarations) ? declarations : file, 'utf8').replaceAll(COMMENT, '');
  const types = new Set<string>();
  const values = new Set<string>();
  for (const [, type, name] of text.matchAll(DECLARATION)) (type === undefined ? values : types).add(name!);
  for (const [, allTypes, list] of text.matchAll(LIST)) {
    for (const item of list!.split(',')) {
      const [, type, name] = LIST_ITEM.exec(item.trim()) ?? [];
      if (name !== undefined) (allTypes === undefined && type === undefined ? values : types).add(name);
    }
  }
  return { types, values };
}
