"""What a conversation looks like to models that bring no chat template: learned so, and asked so when they are served."""

from __future__ import annotations

#: The answer begins with a blank, as it does when the model goes on from "Assistant:".
TEMPLATE = (
    "{%- for message in messages -%}"
    "{%- if message['role'] == 'assistant' -%}{{ 'Assistant: ' + message['content'] + (eos_token or '') + '\n' }}"
    "{%- elif message['role'] == 'system' -%}{{ message['content'] + '\n' }}"
    "{%- else -%}{{ message['role'] | capitalize + ': ' + message['content'] + '\n' }}"
    "{%- endif -%}{%- endfor -%}{%- if add_generation_prompt -%}{{ 'Assistant:' }}{%- endif -%}"
)
