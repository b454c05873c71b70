/** The two functions we use of a library that has no types. */
declare module 'jstat' {
  const jStat: {
    gammaln(x: number): number;
    studentt: { inv(p: number, degreesOfFreedom: number): number };
  };
  // oxlint-disable-next-line import/no-default-export -- it is the library's
  export default jStat;
}
