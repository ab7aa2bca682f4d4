import { isJsonObject, type JsonObject, type JsonValue } from '#kernel';
import type { ReceivedEvent } from '#simulator';

/** Whom an event concerns and what has changed, in one line. */
export function describeEvent({ event, data }: ReceivedEvent): string {
  switch (event) {
    case 'dsync.user.created':
      return `${text(data.name)} <${text(data.email)}>`;
    case 'dsync.user.updated':
    case 'dsync.group.updated':
      return `${text(data.name)}: ${changes(data)}`;
    case 'dsync.group.user_added':
      return `${memberName(data)} joins ${groupName(data)}`;
    case 'dsync.group.user_removed':
      return `${memberName(data)} leaves ${groupName(data)}`;
    default:
      return text(data.name);
  }
}

/** Of a change that touches several attributes, the one that people would name first. */
const SPEAKING = ['state', 'email', 'name', 'last_name', 'job_title'];

function changes(data: JsonObject): string {
  const previous = isJsonObject(data.previous_attributes) ? data.previous_attributes : {};
  const names = Object.keys(previous).filter((name) => name !== 'raw_attributes');
  const speaking = SPEAKING.find((name) => names.includes(name));
  if (speaking === undefined) return names.join(', ') || 'raw attributes';
  if (speaking === 'name') return `was ${text(previous.name)}`;
  if (speaking === 'state') return `${text(previous.state)} → ${text(data.state)}`;
  return `${speaking} is now ${text(data[speaking])}`;
}

function memberName(data: JsonObject): string {
  return isJsonObject(data.user) ? text(data.user.name ?? data.user.email) : '?';
}

function groupName(data: JsonObject): string {
  return isJsonObject(data.group) ? text(data.group.name) : '?';
}

function text(value: JsonValue | undefined): string {
  return typeof value === 'string'
    ? value
    : value === undefined || value === null
      ? '–'
      : JSON.stringify(value);
}
