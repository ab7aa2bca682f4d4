export { lockStream, type Stream } from './stream.js';
export { appendEvents, startAppend, createStream, readHead, type AppendedEvent } from './append.js';
export { EventFeed, type FeedPage, type FeedRequest } from './event-feed.js';
