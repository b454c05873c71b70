import { readPayload } from './json.ts';

// Parses big payloads beside the page: text in, payload out.
addEventListener('message', ({ data }: MessageEvent<string>) => postMessage(readPayload(data)));
