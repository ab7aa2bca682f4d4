/*
 * Building blocks of invented people. Any resemblance to somebody is a product of the dice. Accents are on purpose:
 * they travel through names, while mail addresses stay plain.
 */

export const GIVEN_NAMES: readonly string[] = `
  Ada Amara Anouk Ariel Beatriz Bo Camille Chidi Clara Dario Devi Eero Elif Emeka Enzo Esther Farah
  Felix Freya Gita Hana Henrik Ida Imani Inés Ivo Jun Kaya Kenji Lena Liam Lucía Mael Malik Mara Mei
  Milan Nadia Nia Noah Odile Omar Paola Pavel Priya Quentin Rafael Renée Rosa Samir Selma Sora Tariq
  Tess Tomás Uma Vera Wanda Yara Zoë
`
  .trim()
  .split(/\s+/);

export const FAMILY_NAMES: readonly string[] = `
  Abara Achterberg Almeida Anand Ashgrove Balogun Bergström Bianchetti Brightwater Calloway Castellan
  Chaudhary Dalgaard Delacroix Demir Eastwick Eklund Fairweather Fernhill Fontaine Gallowglass García
  Greenfield Halloran Hartwell Hashimoto Ibarra Ivanić Jansen Juarez Kettering Kimathi Kowalczyk
  Lindqvist Lockhart Mbeki Merriweather Moreau Müller Nakagawa Northgate Novák Okonjo Oakes Pemberton
  Petrova Quill Ramaswamy Ravenscroft Rinaldi Sandoval Silverstone Tanaka Thornbury Underhill Vasquez
  Wexford Winterbourne Yamada Zielinski
`
  .trim()
  .split(/\s+/);

export const DEPARTMENTS = [
  'Engineering',
  'Product',
  'Design',
  'Sales',
  'Marketing',
  'Finance',
  'People',
  'Support',
] as const;

export const CROSS_GROUPS = ['Office Lisbon', 'Office Oslo', 'On-call', 'Managers'] as const;

export const PROJECTS = [
  'Bluebird',
  'Compass',
  'Driftwood',
  'Ember',
  'Foxglove',
  'Granite',
  'Harbour',
] as const;

export const TITLES = ['Associate', 'Specialist', 'Senior Specialist', 'Lead', 'Director'] as const;

/** The plain-letter form for addresses: `Zoë Novák` gives `zoe.novak`. */
export function addressName(givenName: string, familyName: string): string {
  return `${givenName}.${familyName}`
    .normalize('NFD')
    .replaceAll(/[^a-zA-Z.]/g, '')
    .toLowerCase();
}
