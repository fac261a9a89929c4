// Drives a server with OpenAI's own Node client and prints what the client made of every answer as one JSON object.
// Usage: node client.mjs BASE_URL AUDIO_FILE
import fs from 'node:fs';
import OpenAI, { toFile } from 'openai';

const [baseURL, audio] = process.argv.slice(2);
const client = new OpenAI({ baseURL, apiKey: 'none', maxRetries: 0 });
const model = 'whisper-1';

const failure = async (promise) => {
  try {
    return { unexpected: await promise };
  } catch (error) {
    return {
      class: error.constructor.name,
      status: error.status,
      type: error.type,
      param: error.param,
      code: error.code,
      message: error.message,
      hasRequestId: /^req_[0-9a-f]{32}$/.test(error.requestID ?? ''),
    };
  }
};

const stream = () => fs.createReadStream(audio);
const transcribe = (options) => client.audio.transcriptions.create({ file: stream(), model, ...options });

const json = await transcribe({});
const models = [];
for await (const entry of client.models.list()) {
  models.push(entry.id);
}

console.log(JSON.stringify({
  json: { text: json.text, usage: json.usage, hasRequestId: /^req_/.test(json._request_id) },
  fromBuffer: (await transcribe({ file: await toFile(fs.readFileSync(audio), 'größe.wav') })).text,
  verbose: await transcribe({ response_format: 'verbose_json', timestamp_granularities: ['segment'], language: 'en', temperature: 0 }),
  text: await transcribe({ response_format: 'text' }),
  srt: await transcribe({ response_format: 'srt' }),
  vtt: await transcribe({ response_format: 'vtt' }),
  translation: await client.audio.translations.create({ file: stream(), model, response_format: 'verbose_json' }),
  models,
  model: await client.models.retrieve('whisper-1'),
  unknownModel: await failure(transcribe({ model: 'no-such-model' })),
  unknownId: await failure(client.models.retrieve('open/ai')),
  badLanguage: await failure(transcribe({ language: 'japanese' })),
  badFile: await failure(transcribe({ file: await toFile(Buffer.from('this is text'), 'speech.wav') })),
  words: await transcribe({ response_format: 'verbose_json', timestamp_granularities: ['word'] }),
  streaming: await failure(transcribe({ stream: true })),
}));
