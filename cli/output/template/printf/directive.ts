/** What stands between `%` and the end of its verb in a format of `printf`. */
export interface Directive {
  verb: string;
  /** `-`: fill on the right. */
  minus: boolean;
  /** `0`: fill with zeros, on the left only. */
  zero: boolean;
  /** `+`: show the sign of positive numbers. */
  plus: boolean;
  /** In characters. */
  width: number;
  precision: number | undefined;
}

/** How `print` and an action print. */
export const PLAIN: Directive = { verb: 'v', minus: false, zero: false, plus: false, width: 0, precision: undefined };

/** Fills text up to the width. */
export function fill(text: string, { width, minus, zero }: Pick<Directive, 'width' | 'minus' | 'zero'>): string {
  const missing = Math.max(0, width - [...text].length);
  return minus ? text + ' '.repeat(missing) : (zero ? '0' : ' ').repeat(missing) + text;
}

/** Fills a number: zeros go between its sign and its digits. */
export function fillNumber(sign: string, digits: string, directive: Directive): string {
  if (directive.minus || !directive.zero) return fill(sign + digits, { ...directive, zero: false });
  return sign + fill(digits, { ...directive, width: directive.width - sign.length });
}

/** The sign that a number is printed with. */
export function signOf(isNegative: boolean, { plus }: Directive): string {
  if (isNegative) return '-';
  return plus ? '+' : '';
}
