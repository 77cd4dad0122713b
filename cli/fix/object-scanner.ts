import { SetupError } from '../../lambda/errors.ts'
import { isHidden } from '../../lambda/parse/invisible.ts'

/** Longer than any line that can be imported. */
const MAX_OBJECT_CHARACTERS = 4 * 1_048_576
const MAX_NAME_CHARACTERS = 1_000

/**
 * Finds the objects of a file that is not one object per line: objects that follow each other, with or without commas, in a list, over
 * several lines; or in the list of that name in an object. Line ends inside an object become spaces.
 *
 * Memory: one object of at most 4 Mi characters, and one piece of text.
 */
export class ObjectScanner {
  readonly #listName: string | undefined
  /** The pieces of the object that is open. */
  #open: string[] = []
  #openCharacters = 0
  /** Brackets that are open in the object. */
  #depth = 0
  /** Brackets that are open around the objects: of the list, or of the object that has the list. */
  #outer: ('{' | '[')[] = []
  #isInText = false
  #isEscaped = false
  /** The last text in the outer object, which may be the name of a list. */
  #name: string | undefined
  /** The part of it in earlier pieces. */
  #nameStart = ''
  #isInList = false
  #objects = 0

  /** @param listName of the list that has the objects; empty if any list has them; undefined if no object is around them */
  constructor(listName: string | undefined) {
    this.#listName = listName
  }

  /** @returns the objects that end in the next piece of the file */
  *push(text: string): Generator<string> {
    let start = 0 // of the part of an open object
    for (let at = 0; at < text.length; at += 1) {
      const character = text.charAt(at)
      if (this.#isInText) {
        if (this.#isEscaped) this.#isEscaped = false
        else if (character === '\\') this.#isEscaped = true
        else if (character === '"') {
          this.#isInText = false
          if (this.#depth === 0) {
            this.#name = this.#nameStart + text.slice(start, at)
            this.#nameStart = ''
          }
        }
        continue
      }
      if (character === '"') {
        if (this.#depth === 0) {
          if (this.#outer.at(-1) !== '{') throw this.#between(character)
          start = at + 1
        }
        this.#isInText = true
      } else if (this.#depth > 0) {
        if (character === '{' || character === '[') this.#depth += 1
        else if (character === '}' || character === ']') this.#depth -= 1
        if (this.#depth > 0) continue
        this.#keep(text.slice(start, at + 1))
        yield this.#take()
      } else if (character === '{' && this.#isObjectHere()) {
        this.#depth = 1
        start = at
      } else this.#outside(character)
    }
    if (this.#depth > 0) this.#keep(text.slice(start))
    else if (this.#isInText) this.#nameStart = (this.#nameStart + text.slice(start)).slice(0, MAX_NAME_CHARACTERS)
  }

  /** Call after the last piece. */
  end(): void {
    if (this.#depth > 0 || this.#outer.length > 0)
      throw new SetupError(
        `The file is cut off: an object or list does not end. The ${this.#objects} objects before it were written.`,
      )
    if (this.#objects === 0)
      throw new SetupError('No objects were found. To see what the file looks like: npx km-import preview, with the same file')
  }

  #isObjectHere(): boolean {
    return this.#listName === undefined ? !this.#outer.includes('{') : this.#isInList && this.#outer.length === 2
  }

  /** A character that is in no object. */
  #outside(character: string): void {
    switch (character) {
      case '{':
        this.#outer.push('{')
        return
      case '[':
        this.#isInList ||= this.#outer.length === 1 && (this.#listName === '' || this.#name === this.#listName)
        this.#outer.push('[')
        return
      case '}':
      case ']':
        this.#outer.pop()
        if (this.#outer.length < 2) this.#isInList = false
        return
      default:
        // Other members of an object around the list are left out.
        if (character !== ',' && !isHidden(character) && !this.#outer.includes('{')) throw this.#between(character)
    }
  }

  #between(character: string): SetupError {
    return new SetupError(
      `After ${this.#objects} objects there is ${JSON.stringify(character)} where the next object is expected. Correct the file there, or choose another fix.`,
    )
  }

  #keep(part: string): void {
    this.#openCharacters += part.length
    if (this.#openCharacters > MAX_OBJECT_CHARACTERS)
      throw new SetupError(`The object after ${this.#objects} others has more than 4 million characters. It cannot be one line.`)
    this.#open.push(part)
  }

  #take(): string {
    const object = this.#open.join('').replace(/[\r\n]+\s*/g, ' ')
    this.#open = []
    this.#openCharacters = 0
    this.#objects += 1
    return object
  }
}
