"""The demo city: a bureau shaped like Chiayi with generated streets, simulated cars and simulated 110 calls.

Everything in it goes the way of the real thing: cars are real agents over the real link, fed by simulated receivers;
calls come through the real API. `prepare` sets the bureau up; `python -m dispatch.demo` lets it live.
"""

from dispatch.demo.bureau import prepare

__all__ = ["prepare"]
