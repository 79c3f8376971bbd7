/** A row of a list that is drawn again and again, with the element that stands for it. */
export interface IRow {
  readonly node: HTMLElement;
}

/** Bring a list's rows in the order of `ids`: rows that are gone leave, new ones are made, none is made anew. */
export function arrange<R extends IRow>(
  list: HTMLElement,
  rows: Map<string, R>,
  ids: readonly string[],
  make: (id: string) => R
): R[] {
  const wanted = new Set(ids);
  for (const [id, row] of rows) {
    if (!wanted.has(id)) {
      row.node.remove();
      rows.delete(id);
    }
  }
  return ids.map((id, index) => {
    const row = rows.get(id) ?? make(id);
    rows.set(id, row);
    if (list.children[index] !== row.node) {
      list.insertBefore(row.node, list.children[index] ?? null);
    }
    return row;
  });
}
