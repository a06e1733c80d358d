/** All labels of an object in Docker's one cell: `a=1,b=2`. */
export function labelsText(labels: Record<string, string> = {}): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}=${value}`);
  return pairs.sort().join(',');
}

/** The value of one of them; empty for one that is not there. */
export function labelOf(labels: Record<string, string> | undefined, name: string): string {
  return labels !== undefined && Object.hasOwn(labels, name) ? (labels[name] ?? '') : '';
}

/** The columns of labels, of what has them as one member. */
export const labelColumns = {
  Labels: { header: 'LABELS', cell: ({ labels }: Labelled) => labelsText(labels) },
  Label: {
    header: (name: string) => name,
    cell:
      ({ labels }: Labelled) =>
      (name: string) =>
        labelOf(labels, name),
  },
};

interface Labelled {
  labels: Record<string, string>;
}
