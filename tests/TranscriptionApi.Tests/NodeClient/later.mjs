// Sends audio to be transcribed in the background and asks for everything about it later, with the client's own request methods.
// Usage: node later.mjs BASE_URL AUDIO_FILE
import fs from 'node:fs';
import OpenAI from 'openai';

const [baseURL, audio] = process.argv.slice(2);
const client = new OpenAI({ baseURL, apiKey: 'none', maxRetries: 0 });
const job = await client.audio.transcriptions.create({
  file: fs.createReadStream(audio), model: 'whisper-1', background: true, metadata: { order: '17' },
});
const path = `/audio/transcriptions/${job.id}`;
const events = [];
for await (const event of await client.get(path, { query: { stream: true }, stream: true })) {
  events.push(event.type);
}

let last = job;
while (last.status === 'queued' || last.status === 'in_progress') {
  const { data, response } = await client.get(path).withResponse();
  last = data;
  await new Promise((resolve) => setTimeout(resolve, Number(response.headers.get('openai-poll-after-ms') ?? 0)));
}

const content = await client.get(`${path}/content`, { query: { format: 'srt' }, __binaryResponse: true });
const { deleted } = await client.delete(path);
const gone = await client.get(path).then(() => null, (error) => error.constructor.name);
console.log(JSON.stringify({
  first: job.status, last: last.status, text: last.text, metadata: last.metadata, srt: await content.text(), events, deleted, gone,
}));
