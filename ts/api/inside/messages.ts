import type { RcxConfig } from '../../config/config.ts';
import type { ErrorData } from '../../layer/protocol.ts';
import type { ArgsOf, OperationName } from '../operations/index.ts';

/** To the process in the namespace of an ordinary user. Its stdin and stdout are archives. */
export type ToInside =
  | { type: 'perform'; name: OperationName; args: ArgsOf<OperationName>; config: RcxConfig }
  | { type: 'abort' };

/** And back. */
export type FromInside =
  | { type: 'event'; event: unknown }
  | { type: 'done'; result: unknown }
  | { type: 'failed'; error: ErrorData };
