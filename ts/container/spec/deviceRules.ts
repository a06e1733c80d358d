import type { SpecDeviceRule } from './types.ts';

/** Docker's form of a rule. */
const RULE = /^([abc]) ([0-9]{1,10}|\*):([0-9]{1,10}|\*) ([rwm]{1,3})$/;

/** Whether a text is a rule of the device filter, `c 1:3 rwm`. */
export function isDeviceRule(text: string): boolean {
  return RULE.test(text);
}

/** The rule of a text for which {@link isDeviceRule} holds. */
export function specDeviceRule(text: string): SpecDeviceRule {
  const [, type, major, minor, access = ''] = RULE.exec(text) ?? [];
  return {
    allow: true,
    type: type as 'a' | 'b' | 'c',
    ...(major !== '*' && { major: Number(major) }),
    ...(minor !== '*' && { minor: Number(minor) }),
    access,
  };
}
