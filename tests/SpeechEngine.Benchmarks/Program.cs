using SpeechEngine.Benchmarks;

KernelBenchmarks.Run();
