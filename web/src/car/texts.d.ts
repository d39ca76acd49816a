// `messages/LANGUAGE.json?car` holds those texts whose keys begin as car_page.ts says.
declare module '*.json?car' {
  const texts: Readonly<Record<string, string>>;
  export default texts;
}
