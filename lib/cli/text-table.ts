const GAP = '  ';

/** Rows under their headings, columns as wide as they need to be; nothing behind the last. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  return lines(headings, rows, (cell, width) => cell.padEnd(width));
}

/** The same for numbers: all columns but the first end where their widest cell ends. */
export function alignedTable(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  return lines(headings, rows, (cell, width, column) =>
    column === 0 ? cell.padEnd(width) : cell.padStart(width),
  );
}

function lines(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
  pad: (cell: string, width: number, column: number) => string,
): string {
  const widths = headings.map((heading, column) =>
    Math.max(heading.length, ...rows.map((row) => (row[column] ?? '').length)),
  );
  return [headings, ...rows]
    .map((row) =>
      row
        .map((cell, column) => pad(cell, widths[column] ?? 0, column))
        .join(GAP)
        .trimEnd(),
    )
    .join('\n');
}
