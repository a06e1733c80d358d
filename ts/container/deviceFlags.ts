import { isAbsolute, resolve } from 'node:path';
import { RcxError } from '../errors.ts';
import { plain, quote } from '../oci/quote.ts';
import type { ContainerDevice } from './options.ts';
import { isDeviceRule } from './spec/deviceRules.ts';

/** A name of the Container Device Interface, `vendor.com/class=name`. */
const CDI = /^[a-zA-Z][\w.-]*\/[a-zA-Z][\w.-]*=./;

/** `--device`: `/dev/a`, `/dev/a:/dev/b`, `/dev/a:rw` or `/dev/a:/dev/b:rw`, as Docker reads it. @throws ERR_RCX_INVALID_DEVICE */
export function parseDevice(text: string): ContainerDevice {
  if (CDI.test(text)) {
    throw invalid('--device', text, 'devices of the Container Device Interface are not there; name a path below /dev');
  }
  const [source = '', second, third, ...more] = text.split(':');
  if (more.length > 0 || second === '' || third === '') {
    throw invalid('--device', text, 'write it as /dev/name[:/dev/name inside][:rwm]');
  }
  if (!isAbsolute(source)) throw invalid('--device', text, `${plain(source)} is not an absolute path`);
  const onlyAccess = second !== undefined && third === undefined && isAccess(second);
  const target = second === undefined || onlyAccess ? source : second;
  const access = (onlyAccess ? second : third) ?? 'rwm';
  if (!isAbsolute(target)) throw invalid('--device', text, `${plain(target)} is not an absolute path`);
  if (!isAccess(access)) throw invalid('--device', text, `bad mode specified: ${plain(access)}; it is of r, w and m`);
  if (resolve(target) === '/') throw invalid('--device', text, 'the root cannot be a device');
  return { source: resolve(source), target: resolve(target), access };
}

/** Each letter once. */
function isAccess(text: string): boolean {
  return /^[rwm]{1,3}$/.test(text) && new Set(text).size === text.length;
}

/** `--device-cgroup-rule`. @throws ERR_RCX_INVALID_DEVICE */
export function parseDeviceRule(text: string): string {
  if (isDeviceRule(text)) return text;
  throw invalid('--device-cgroup-rule', text, 'write it as c 1:3 rwm, b 8:* r or a 7:* m');
}

function invalid(flag: string, text: string, hint: string): RcxError {
  return new RcxError(`read ${flag}: ${quote(text)} is not valid`, {
    code: 'ERR_RCX_INVALID_DEVICE',
    step: `read ${flag}`,
    path: plain(text),
    hint,
  });
}
