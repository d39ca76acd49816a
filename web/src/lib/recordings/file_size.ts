// Sizes of files as people read them.

/** 734 MB */
export function fileSize(bytes: number): string {
  const megabytes = bytes / 1e6;
  return megabytes < 1 ? `${Math.ceil(bytes / 1e3)} kB` : `${megabytes.toFixed(megabytes < 10 ? 1 : 0)} MB`;
}

/** How much of a file is here; an empty one is whole. */
export const shareOf = (received_bytes: number, size_bytes: number) => (size_bytes ? received_bytes / size_bytes : 1);
