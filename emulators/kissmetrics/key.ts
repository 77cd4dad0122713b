/** The API key of requests to the Kissmetrics emulator, and of requests that are only validated. As long as a real key, because it is part of each request. */
export const EMULATOR_KEY = '0123456789abcdef0123456789abcdef01234567'
