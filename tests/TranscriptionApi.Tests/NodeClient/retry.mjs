// Transcribes with little patience: the client gives up after TIMEOUT_MS and sends the audio again by itself.
// Usage: node retry.mjs BASE_URL AUDIO_FILE TIMEOUT_MS
import fs from 'node:fs';
import OpenAI, { toFile } from 'openai';

const [baseURL, audio, timeout] = process.argv.slice(2);
const client = new OpenAI({ baseURL, apiKey: 'none', maxRetries: 5, timeout: Number(timeout) });
const { text } = await client.audio.transcriptions.create({ file: await toFile(fs.readFileSync(audio), 'speech.wav'), model: 'whisper-1' });
console.log(JSON.stringify({ text }));
