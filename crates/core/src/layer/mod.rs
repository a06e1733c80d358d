//! Layers on disk: the sink that the extractor in TypeScript writes through.
