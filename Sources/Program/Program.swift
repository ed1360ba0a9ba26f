import FaultlineCommand

@main
struct Program {
  static func main() { FaultlineProgram.start() }
}
