import FaultlineCommand

@main
struct Program {
  static func main() async { await FaultlineProgram.main() }
}
