// What is in a file of a record.

import { ApiError } from "./error.ts";

export interface FileContent {
  blob: Blob;
  size: number; // of the file, which may be more than was asked for
}

// most: bytes from its beginning.
export const readFile = async (url: string, { most, signal }: { most?: number; signal?: AbortSignal }): Promise<FileContent> => {
  const reply = await fetch(url, { headers: most ? { Range: `bytes=0-${most - 1}` } : {}, signal: signal ?? null }).catch((error: unknown) => {
    if (signal?.aborted) throw error;
    throw new ApiError({ status: 0, message: "", data: {}, retryAfter: 0, requestId: "" });
  });
  const isEmpty = reply.status === 416; // there is no first byte
  if (!reply.ok && !isEmpty) throw new ApiError({ status: reply.status, message: "", data: {}, retryAfter: 0, requestId: reply.headers.get("X-Request-Id") ?? "" });
  const blob = isEmpty ? new Blob() : await reply.blob();
  return { blob, size: Number(/\/(\d+)$/.exec(reply.headers.get("Content-Range") ?? "")?.[1] ?? blob.size) };
};
