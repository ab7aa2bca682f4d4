import { isJsonObject, type JsonValue } from '#kernel';
import type { GroupLabel } from '../../../sdk/hr/derived-groups.js';
import { SourceError } from '../../../sdk/source-error.js';

interface Department {
  readonly id: string;
  readonly name: string;
  readonly parent: string | null;
}

/** Departments of the platform API, by id and by name: employees may tell only the name. */
export class Departments {
  readonly #byId = new Map<string, Department>();
  /** Null for a name that several have. */
  readonly #byName = new Map<string, Department | null>();

  /** @throws SourceError when one cannot be read */
  constructor(items: readonly JsonValue[]) {
    for (const item of items) {
      const department = departmentIn(item);
      this.#byId.set(department.id, department);
      this.#byName.set(department.name, this.#byName.has(department.name) ? null : department);
    }
  }

  labels(): readonly GroupLabel[] {
    return [...this.#byId.values()].map(labelOf);
  }

  /** The department and those that it is part of. In the vendor's own example the top is its own parent. */
  branch(id: string | null, name: string | null): readonly GroupLabel[] {
    let department = this.#find(id) ?? this.#byName.get(name ?? '') ?? null;
    if (department === null) return id === null && name === null ? [] : [{ type: 'department', id, name }];
    const branch = new Set<Department>();
    while (department !== null && !branch.has(department)) {
      branch.add(department);
      department = this.#find(department.parent);
    }
    return [...branch].map(labelOf);
  }

  #find(id: string | null): Department | null {
    return (id === null ? undefined : this.#byId.get(id)) ?? null;
  }
}

function labelOf({ id, name }: Department): GroupLabel {
  return { type: 'department', id, name };
}

function departmentIn(item: JsonValue): Department {
  const { id, name, parent } = isJsonObject(item) ? item : {};
  if (typeof id === 'string' && typeof name === 'string' && name.trim() !== '')
    return { id, name: name.trim(), parent: typeof parent === 'string' ? parent : null };
  throw new SourceError('source_changed_shape', 'Rippling sent a department without an id or a name.');
}
