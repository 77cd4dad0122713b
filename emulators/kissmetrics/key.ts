/** The key that stands for one where only the stand-in listens, or none does. As long as a real one, for it is part of each request. */
export const EMULATOR_KEY = '0123456789abcdef0123456789abcdef01234567'
