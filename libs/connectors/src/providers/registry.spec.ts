import { describe, expect, it } from '@jest/globals';
import { ScriptedSource } from '#testing';
import { installedConnectors } from './installed.js';
import { ConnectorRegistry, readConnectors } from './registry.js';

const scripted = new ScriptedSource({ streams: {} }).connector();

describe('ConnectorRegistry', () => {
  it('finds connectors by their id, in order', () => {
    const other = new ScriptedSource({ streams: {} }, { id: 'another' }).connector();
    const registry = new ConnectorRegistry([scripted, other]);
    expect(registry.all().map(({ manifest }) => manifest.id)).toEqual(['another', 'scripted']);
    expect(registry.find('scripted')).toBe(scripted);
    expect([registry.find(null), registry.find('nobody')]).toEqual([undefined, undefined]);
    expect(() => registry.get('nobody')).toThrow('Connector not found');
  });

  it('refuses two of the same id', () => {
    expect(() => new ConnectorRegistry([scripted, scripted])).toThrow('Two connectors');
  });

  it('has every folder beside it', async () => {
    const found = await readConnectors(new URL('.', import.meta.url));
    expect(installedConnectors.all().map(({ manifest }) => manifest.id)).toEqual(
      found.map(({ manifest }) => manifest.id),
    );
  });

  it('stops at a folder without a connector', async () => {
    await expect(readConnectors(new URL('../', import.meta.url))).rejects.toThrow();
  });
});
