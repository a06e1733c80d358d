import { type Decimal, exact, round, shortest } from './decimal.ts';

/** From which exponent on `%g` without a precision writes one. */
const LARGE = 6;
const SMALL = -4;

/**
 * Digits of a number that is not negative, as Go's `strconv.FormatFloat` writes them.
 * @param verb `e`, `f` or `g`
 * @param precision digits after the point, or all digits for `g`; as few as are needed when undefined
 */
export function realDigits(value: number, verb: string, precision: number | undefined): string {
  if (verb === 'g') return generalDigits(value, precision);
  const all = precision === undefined ? shortest(value) : exact(value);
  if (verb === 'e') return withExponent(precision === undefined ? all : round(all, precision + 1), precision);
  return withoutExponent(precision === undefined ? all : round(all, all.point + precision), precision);
}

function generalDigits(value: number, precision: number | undefined): string {
  const most = precision === undefined ? LARGE : Math.max(precision, 1);
  const decimal = precision === undefined ? shortest(value) : round(exact(value), most);
  const exponent = decimal.point - 1;
  const isLarge = decimal.digits !== '' && (exponent < SMALL || exponent >= most);
  return isLarge ? withExponent(decimal) : withoutExponent(decimal);
}

function withExponent({ digits, point }: Decimal, precision: number = Math.max(digits.length - 1, 0)): string {
  const exponent = digits === '' ? 0 : point - 1;
  const [first = '0', ...rest] = digits;
  const fraction = precision > 0 ? `.${rest.join('').padEnd(precision, '0')}` : '';
  return `${first}${fraction}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`;
}

function withoutExponent({ digits, point }: Decimal, precision: number = Math.max(digits.length - point, 0)): string {
  const whole = point > 0 ? digits.slice(0, point).padEnd(point, '0') : '0';
  const fraction = '0'.repeat(Math.max(0, -point)) + digits.slice(Math.max(0, point));
  return precision > 0 ? `${whole}.${fraction.padEnd(precision, '0').slice(0, precision)}` : whole;
}
