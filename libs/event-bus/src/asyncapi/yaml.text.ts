/** The part of the package `yaml` that is used. */
interface YamlPackage {
  stringify(value: unknown, options: { readonly aliasDuplicateObjects: boolean }): string;
}

/** The document as YAML; undefined if the optional peer `yaml` is not installed. */
export async function yamlOf(
  document: object,
  load: () => Promise<YamlPackage> = () => import('yaml'),
): Promise<string | undefined> {
  let yaml: YamlPackage;
  try {
    yaml = await load();
  } catch {
    return undefined;
  }
  return yaml.stringify(document, { aliasDuplicateObjects: false });
}
