/** A piece of a template. */
export type Node = TextNode | PrintNode | BranchNode | JumpNode;

export interface TextNode {
  kind: 'text';
  text: string;
}

/** `{{pipeline}}`; prints nothing when the pipeline declares or sets a variable. */
export interface PrintNode {
  kind: 'print';
  pipeline: Pipeline;
}

export type BranchKind = 'if' | 'with' | 'range';

/** `{{if}}`, `{{with}}` or `{{range}}` up to its `{{end}}`. */
export interface BranchNode {
  kind: BranchKind;
  pipeline: Pipeline;
  body: Node[];
  /** After `{{else}}`. */
  otherwise: Node[];
}

export interface JumpNode {
  kind: 'break' | 'continue';
}

export interface Pipeline {
  at: number;
  /** Variables that get its value, with their `$`: one, or index and element of a `range`. */
  variables: string[];
  /** Whether those are set with `=`, and not declared with `:=`. */
  assigns: boolean;
  commands: Command[];
}

/** A value, or a function or method with its arguments. */
export interface Command {
  at: number;
  first: Operand;
  args: Operand[];
}

export type Operand = { at: number } & (
  | { kind: 'constant'; value: unknown }
  | { kind: 'nil' }
  | { kind: 'dot' }
  | { kind: 'variable'; name: string }
  | { kind: 'function'; name: string }
  | { kind: 'pipeline'; pipeline: Pipeline }
  /** `.A.B`, `$x.A`, `(…).A`: names looked up one after the other, in `of` first. */
  | { kind: 'chain'; of: Operand; names: string[] }
);
