// A first request, in the languages that people ask in.

export type Language = "js" | "dart" | "curl";
export const languages: readonly Language[] = ["js", "dart", "curl"];
export const languageNames: Record<Language, string> = { js: "JavaScript", dart: "Dart", curl: "curl" };

const quote = (text: string): string => JSON.stringify(text);
const single = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

export const firstRequest = (language: Language, base: string, collection: string): string => {
  const texts: Record<Language, string> = {
    js: `import PocketBase from "pocketbase";\n\nconst pb = new PocketBase(${quote(base)});\nconst page = await pb.collection(${quote(collection)}).getList(1, 20);\nconsole.log(page.items);`,
    dart: `import "package:pocketbase/pocketbase.dart";\n\nfinal pb = PocketBase(${quote(base)});\nfinal page = await pb.collection(${quote(collection)}).getList(page: 1, perPage: 20);\nprint(page.items);`,
    curl: `curl ${single(`${base}/api/collections/${encodeURIComponent(collection)}/records`)}`,
  };
  return texts[language];
};
