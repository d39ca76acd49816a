// Runes everywhere: state is visible where it is declared.
export default { compilerOptions: { runes: true } };
