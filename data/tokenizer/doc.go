// Package tokenizer turns text into the numbers that a language model works on,
// and back. It trains, reads, writes and runs the kinds of tokenizers that such
// models use, and gives the same tokens as Hugging Face's tokenizers library.
//
// Train learns a tokenizer from a Corpus, Load reads one in any of the usual
// formats, and Save writes the files that transformers loads. AppendIDs and
// EncodeIDs are the fast way from text to ids; Encode also tells which bytes of
// the text each token stands for. Decode, and NewDecodeStream for ids that come
// one by one, go the way back.
//
// AppendPart and AppendTargets encode texts that are joined as the one text that
// they are: a document in parts, a prompt with its completion, a chat.
//
// # How a text becomes ids
//
// Added tokens are found first. What lies between them is normalized (package
// normalize), split into words (pretok), taken apart by the model (model) and
// framed with special tokens (postprocess). Encode does just that, step by
// step. AppendIDs asks first how a text can be cut into parts that don't depend
// on each other, such as the words that a hand-written scanner finds, or what
// lies between spaces; it remembers the ids of such parts, so that few of them
// go through all steps. A property test holds the two together.
//
// # Differences from the reference
//
// Ids, tokens, offsets and decoded text equal those of tokenizers 0.23.3, down to
// the versions of Unicode that its parts know, with these exceptions:
//
//   - Where a byte-level vocabulary lacks some bytes, the reference leaves them
//     out and moves the offsets of all later tokens of the word; here they stay right.
//   - Bytes under byte fallback that form no character decode to themselves, not
//     to U+FFFD, and those around them are kept.
//   - Text need not be UTF-8: bytes that form no character pass through every
//     step and survive a byte-level round trip.
//   - The ids of WordPiece's continuing characters change from run to run there,
//     and with them the order of equally frequent pairs; here they don't.
//   - A SentencePiece model becomes the components that transformers makes of
//     it, which drop a combining mark after white space; SentencePiece keeps it.
//   - Regular expressions other than those of GPT-2, GPT-4, Llama 3 and Qwen run on
//     an engine that takes .NET's syntax, and for which characters younger than
//     Unicode 15 are letters, numbers and marks, but neither punctuation nor symbols.
//   - Truncation, padding and dropout that a tokenizer.json asks for are kept in it, but
//     applied only where EncodeOptions, which FileOptions makes of the file, and Sampling ask for them.
//   - docs/tokenizers.md lists where a directory is read other than by transformers.
//   - A maximum length that leaves no room for a text is an error, where the reference
//     returns the text uncut or as overflow.
package tokenizer
