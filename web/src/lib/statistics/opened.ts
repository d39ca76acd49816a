// The incident that was opened from the ledger last: whoever comes back goes on at its row.
export const opened: { id: string | null } = { id: null };
