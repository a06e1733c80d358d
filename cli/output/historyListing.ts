import type { HistoryStep } from '../../ts/image/history.ts';
import { formatSince, formatSize, formatTimestamp, shorten } from './format.ts';
import { shortId } from './ids.ts';
import type { Listing } from './listFormat.ts';

export interface HistoryListingOptions {
  noTrunc: boolean;
  /** Sizes and dates in words. */
  human: boolean;
}

/** Docker's width of the command. */
const CREATED_BY = 45;

/** Docker's columns of an image's history. */
export function historyListing({ noTrunc, human }: HistoryListingOptions): Listing<HistoryStep> {
  const created = ({ created }: HistoryStep) => formatTimestamp(created);
  const createdBy = ({ createdBy }: HistoryStep) => {
    const line = createdBy.replaceAll('\t', ' ');
    return noTrunc ? line : shorten(line, CREATED_BY);
  };
  return {
    columns: {
      ID: { header: 'IMAGE', cell: ({ id }) => (id === undefined ? '<missing>' : noTrunc ? id : shortId(id)) },
      CreatedAt: { header: 'CREATED AT', cell: created },
      CreatedSince: { header: 'CREATED', cell: (step) => (human ? formatSince(step.created) : created(step)) },
      CreatedBy: { header: 'CREATED BY', cell: createdBy },
      Size: { header: 'SIZE', cell: ({ size }) => (human ? formatSize(size) : String(size)) },
      Comment: { header: 'COMMENT', cell: ({ comment }) => comment },
    },
    table: ['ID', human ? 'CreatedSince' : 'CreatedAt', 'CreatedBy', 'Size', 'Comment'],
  };
}
