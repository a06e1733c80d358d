import { parseTemplate } from '../../../../../cli/output/template/index.ts';
import { RcxError } from '../../../../../ts/errors.ts';

/** Something like what `inspect` describes. What the tests expect of it is what Go 1.26 prints for the same in its types. */
export const DATA = {
  Id: '0123456789abcdef',
  Name: '/web',
  Word: 'Grüße 🐧 an ß',
  Control: '\u001b[2J\u0007x\n\u0085',
  State: { Status: 'running', Running: true, Pid: 4242, ExitCode: 0, Health: null },
  Config: {
    Labels: { 'com.example.b': 'two', 'a.b': 'c', plain: 'word', zero: '' },
    Env: ['PATH=/bin:/usr/bin', 'HOME=/root', 'EMPTY='],
    Cmd: ['sh', '-c', 'echo "hi"'],
    Empty: {},
    None: [],
  },
  Mounts: [
    { Type: 'bind', Source: '/a', Destination: '/b', RW: true },
    { Type: 'tmpfs', Source: '', Destination: '/tmp', RW: false },
  ],
  NetworkSettings: {
    Ports: {
      '80/tcp': [
        { HostIp: '0.0.0.0', HostPort: '8080' },
        { HostIp: '::', HostPort: '8081' },
      ],
      '53/udp': [],
    },
  },
  Ratio: 1234.5678,
  Size: 778,
  Numbers: [3, -1, 0],
  Floats: [0.5, 1e-7, 2.5],
  Counts: { b: 2, a: 1 },
  Nothing: null,
};

export function render(template: string, value: unknown = DATA): string {
  return parseTemplate(template)(value);
}

/** What is said against a template, or against its use. */
export function refusal(template: string, value: unknown = DATA): string {
  try {
    const text = render(template, value);
    throw new Error(`it printed ${JSON.stringify(text)}`);
  } catch (error) {
    if (!(error instanceof RcxError) || error.code !== 'ERR_RCX_TEMPLATE') throw error;
    return `${error.message}${error.hint === undefined ? '' : `; ${error.hint}`}`;
  }
}
