// Checks deliveries of webhooks as OpenAI's own Node client does and prints what it made of each.
// Usage: node webhook.mjs '[{"body": "...", "headers": {...}, "secret": "whsec_..."}, ...]'
import OpenAI, { InvalidWebhookSignatureError } from 'openai';

const client = new OpenAI({ apiKey: 'none' });

const check = async ({ body, headers, secret }) => {
  try {
    const event = await client.webhooks.unwrap(body, headers, secret);
    return `${event.type} ${event.data.id}`;
  } catch (error) {
    return error instanceof InvalidWebhookSignatureError ? 'refused' : `${error}`;
  }
};

console.log(JSON.stringify(await Promise.all(JSON.parse(process.argv[2]).map(check))));
