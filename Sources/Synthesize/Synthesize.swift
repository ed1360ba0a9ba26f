import ArgumentParser
@main struct Synthesize: ParsableCommand {
}
