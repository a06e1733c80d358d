/** A number that is not negative: 0.DIGITS times ten to the power of `point`. No zeros at either end, none at all for 0. */
export interface Decimal {
  digits: string;
  point: number;
}

/** The fewest digits that are read back as the same number. */
export function shortest(value: number): Decimal {
  const [mantissa = '', exponent] = value.toExponential().split('e');
  return trimmed(mantissa.replace('.', ''), Number(exponent) + 1);
}

/** All digits of a number, which as a sum of powers of two has an end. */
export function exact(value: number): Decimal {
  const bits = new DataView(new ArrayBuffer(8));
  bits.setFloat64(0, value);
  const exponent = bits.getUint16(0) >> 4;
  const fraction = bits.getBigUint64(0) & 0xfffffffffffffn;
  // Without an exponent there is no leading one.
  const mantissa = exponent === 0 ? fraction : fraction | 0x10000000000000n;
  const power = Math.max(exponent, 1) - 1075;
  const scaled = power >= 0 ? mantissa << BigInt(power) : mantissa * 5n ** BigInt(-power);
  const digits = String(scaled);
  return trimmed(digits, digits.length + Math.min(power, 0));
}

function trimmed(digits: string, point: number): Decimal {
  const rest = digits.replace(/0+$/, '');
  return rest === '' ? { digits: '', point: 0 } : { digits: rest, point };
}

/** The nearest number with so many digits; of two equally near ones that with an even last digit. */
export function round({ digits, point }: Decimal, count: number): Decimal {
  if (count >= digits.length) return { digits, point };
  if (count < 0) return { digits: '', point: 0 };
  const head = digits.slice(0, count);
  const rest = digits.slice(count);
  const isUp = rest === '5' ? Number(head.at(-1) ?? 0) % 2 === 1 : rest >= '5';
  if (!isUp) return trimmed(head, point);
  const next = String(BigInt(head) + 1n);
  return trimmed(next, point + next.length - count);
}
