/**
 * PlanView: a plan of any level, ready to be shown, and its three renderings.
 *
 * Text is for people, mermaid for pages, JSON is `data` alone. All three show names that users chose: text
 * replaces control characters, mermaid escapes all that ends or formats a quoted label.
 */

/** Rows of equal length under a row of titles. */
export interface PlanTable {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export interface PlanBox {
  /** An identifier for mermaid: letters, digits, underscore. */
  readonly id: string;
  readonly lines: readonly string[];
}

export interface PlanArrow {
  readonly from: string;
  readonly to: string;
  readonly label: string;
}

export interface PlanView {
  readonly title: string;
  readonly tables: readonly PlanTable[];
  readonly boxes: readonly PlanBox[];
  readonly arrows: readonly PlanArrow[];
  /** Plain data: no functions, no undefined. */
  readonly data: object;
}

export type PlanFormat = 'text' | 'json' | 'mermaid';

const COLUMN_GAP = '  ';

/** The view in one format, without a final newline. */
export function renderPlan(view: PlanView, format: PlanFormat): string {
  switch (format) {
    case 'json':
      return JSON.stringify(view.data, null, 2);
    case 'mermaid':
      return renderMermaid(view);
    case 'text':
      return [printable(view.title), ...view.tables.map(renderTable)].join('\n\n');
  }
}

/** What a record meets on an edge, for example `HASH` or `late: FORWARD -> input 2`. */
export function edgeLabel(edge: {
  readonly partitioner: string;
  readonly sideOutputId: string | null;
  readonly inputIndex: number;
}): string {
  const tag = edge.sideOutputId === null ? '' : `${edge.sideOutputId}: `;
  // People count inputs from 1, and the first needs no mention.
  const input = edge.inputIndex === 0 ? '' : ` -> input ${edge.inputIndex + 1}`;
  return `${tag}${edge.partitioner.toUpperCase()}${input}`;
}

function renderTable(table: PlanTable): string {
  const rows = [table.columns, ...table.rows].map((row) => row.map(printable));
  const widths = table.columns.map((_, column) => Math.max(...rows.map((row) => width(row[column] ?? ''))));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - width(cell)))
        .join(COLUMN_GAP)
        .trimEnd(),
    )
    .join('\n');
}

function renderMermaid(view: PlanView): string {
  return [
    'flowchart TD',
    ...view.boxes.map((box) => `  ${box.id}["${box.lines.map(escapeMermaid).join('<br/>')}"]`),
    ...view.arrows.map((arrow) => `  ${arrow.from} -->|"${escapeMermaid(arrow.label)}"| ${arrow.to}`),
  ].join('\n');
}

function escapeMermaid(text: string): string {
  return printable(text).replace(/["#&<>`|\\]/g, (char) => `#${char.charCodeAt(0)};`);
}

function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, ' ');
}

/** Columns that the text takes, one per code point. */
function width(text: string): number {
  return [...text].length;
}
