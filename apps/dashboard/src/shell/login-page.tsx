import { Alert, Button, Center, Paper, PasswordInput, Stack, Text, Title } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { useLogIn } from '../queries/session.ts';

/** The key goes to the server once; from then on a cookie stands for it that no script can read. */
export function LoginPage() {
  const [apiKey, setApiKey] = useState('');
  const logIn = useLogIn();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    logIn.mutate(apiKey.trim());
  };
  return (
    <Center mih="100vh" p="md" component="main">
      <Paper w="100%" maw={420}>
        <form onSubmit={submit}>
          <Stack>
            <Title order={1} size="h3">
              Log in to Capstan
            </Title>
            <Text size="sm">
              Use your API key. On your own machine <code>npm start</code> writes it to <code>.capstan/credentials.json</code>.
            </Text>
            <PasswordInput
              label="API key"
              autoComplete="current-password"
              value={apiKey}
              onChange={(event) => setApiKey(event.currentTarget.value)}
              required
              data-autofocus
            />
            {logIn.isError && (
              <Alert color="red" variant="outline" role="alert">
                {logIn.error.message}
              </Alert>
            )}
            <Button type="submit" loading={logIn.isPending} disabled={apiKey.trim() === ''}>
              Log in
            </Button>
          </Stack>
        </form>
      </Paper>
    </Center>
  );
}
