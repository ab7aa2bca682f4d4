import { describe, expect, it } from '@jest/globals';
import { elementsAt, escapeXml, idsOf, readXml, textAt } from './xml.js';

describe('readXml', () => {
  it('reads names without prefixes, texts, attributes, CDATA and predefined entities', () => {
    const root = readXml(
      '<a xmlns:n="urn:x"><n:b n:type="WID">1&amp;2</n:b><b><![CDATA[<3>]]></b><ID type="T"> 000123 </ID></a>',
    );
    expect(elementsAt(root, 'b').map(({ text, namespace }) => [text, namespace])).toEqual([
      ['1&2', 'urn:x'],
      ['<3>', ''],
    ]);
    expect(elementsAt(root, 'b')[0]?.attributes.get('type')).toBe('WID');
    expect(idsOf(root).get('T')).toBe('000123');
    expect(textAt(root, 'none/at/all')).toBeUndefined();
  });

  it.each([
    ['a document type', '<!DOCTYPE a><a/>', 'document type'],
    [
      'an external entity',
      '<!DOCTYPE a [<!ENTITY e SYSTEM "http://canary.test/">]><a>&e;</a>',
      'document type',
    ],
    [
      'entities that multiply',
      '<!DOCTYPE a [<!ENTITY b "bb"><!ENTITY c "&b;&b;">]><a>&c;</a>',
      'document type',
    ],
    ['an entity of nobody', '<a>&e;</a>', 'broken'],
    ['a cut', '<a><b>1</b>', 'broken'],
    ['no document', '', 'broken'],
    ['two documents', '<a/><b/>', 'broken'],
    ['tags that cross', '<a><b></a></b>', 'broken'],
    ['an unknown prefix', '<n:a/>', 'broken'],
    ['depth', '<a>'.repeat(70) + '</a>'.repeat(70), 'nested deeper'],
    ['a long text', `<a>${'x'.repeat(70_000)}</a>`, 'a text of more'],
    ['many attributes', `<a ${Array.from({ length: 70 }, (_, n) => `b${n}="1"`).join(' ')}/>`, 'attributes'],
  ])('refuses %s', (_what, text, words) => {
    expect(() => readXml(text)).toThrow(words);
  });
});

describe('escapeXml', () => {
  it('writes texts that are read back as they were, without what XML cannot carry', () => {
    for (const text of ['p&ss<w>"ö\'', 'a\tb\nc', '😀 &amp;'])
      expect(readXml(`<a b="x">${escapeXml(text)}</a>`).text).toBe(text);
    expect(escapeXml('a\u0000\u0008b\uFFFF')).toBe('ab');
  });
});
